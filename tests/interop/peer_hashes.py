"""The hash index through the Python system of the same name: peer_hashes.py read FILE | write FILE (ids on stdin)"""

import pathlib
import sys

from earthcatalog.hash_index import hash_id, read_hashes, write_hashes
from obstore.store import LocalStore

action, path = sys.argv[1], pathlib.Path(sys.argv[2])
store = LocalStore(str(path.parent))
if action == "write":
    write_hashes({hash_id(line.rstrip("\n")) for line in sys.stdin}, store, path.name)
else:
    print("\n".join(sorted(digest.hex() for digest in read_hashes(store, path.name))))
