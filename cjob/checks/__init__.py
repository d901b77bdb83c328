"""What refuses a deployment before anything is built or sent."""
