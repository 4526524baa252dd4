"""The app: a page in the browser where people drop a film and see what faces in it express."""
