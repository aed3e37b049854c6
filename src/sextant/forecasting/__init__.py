"""What reading the posts of now will cost until a moment."""
