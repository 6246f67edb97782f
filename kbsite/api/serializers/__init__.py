"""What the API shows and takes, by subject: plain shapes, named by the words of the design."""
