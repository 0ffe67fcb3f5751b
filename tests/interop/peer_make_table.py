"""Runs the Python system of the same name on a local folder of items: peer_make_table.py INVENTORY SOURCE WORK

It fetches from S3 only; here its fetch of one item reads SOURCE/<bucket>/<key> instead. Everything after that, which is
what makes the table, is its own.
"""

import json
import pathlib
import sys

from earthcatalog import store_config
from earthcatalog.pipelines import incremental
from obstore.store import LocalStore

inventory, source, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
incremental._fetch_item = lambda bucket, key: json.loads((source / bucket / key).read_bytes())
store_config.set_store(LocalStore(str(work)))
incremental.run(inventory_path=inventory, catalog_path=str(work / "catalog.db"), warehouse_path=str(work / "warehouse"),
                chunk_size=200, h3_resolution=1, use_lock=False)
