"""The parts of build and push: which images are built, how, and where they are sent."""
