"""What is left out though nobody has said so: names that are certainly never a person's document.

Temporary names as `*.tmp` and `*~` are not among them: people have documents that are called so.  A line `!name` in a
rule file keeps any of these.
"""

from __future__ import annotations

from typing import Final

SOURCE: Final = "built-in"

TEXT: Final = """\
# locks and owner files of office programs and editors
.~lock.*#
~$*
.#*
# swap files, and what a document is written to before it takes its name
.*.sw[px]
.*.kate-swp
.goutputstream-*
*.sb-????????-??????
# downloads that are not complete
*.crdownload
*.part
*.filepart
*.opdownload
# what systems keep beside the files
.DS_Store
Thumbs.db
thumbs.db
ehthumbs.db
Desktop.ini
desktop.ini
.fuse_hidden*
.nfs????????????????????????
# what systems keep at the top of a disk
.Trash-*/
.Trashes/
.Spotlight-V100/
.fseventsd/
.TemporaryItems/
.DocumentRevisions-V100/
$RECYCLE.BIN/
System Volume Information/
# what other programs of our kind work with
.dropbox.cache/
.syncthing.*.tmp
~syncthing~*.tmp
"""
