"""The release store's files, by key: a directory or a bucket behind one interface."""

from slackwater.release.store._directory import DirectoryFiles
from slackwater.release.store._files import Files
from slackwater.release.store._s3 import S3Files

__all__ = ["DirectoryFiles", "Files", "S3Files"]
