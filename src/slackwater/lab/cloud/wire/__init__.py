"""AWS's protocols on the wire, read and written by botocore's own models."""
