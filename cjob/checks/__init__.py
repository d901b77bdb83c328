"""What refuses a deployment before anything is built or sent.

Pure. Each check takes plain data and raises an InputError that says what can be done. Preflight
and apply run the same checks: preflight before the first build, apply on what it is about to send.
"""
