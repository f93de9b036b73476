/// A table of text.
