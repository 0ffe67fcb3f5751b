"""One full backfill by the Python system of the same name: peer_backfill.py INVENTORY WORK CHUNK

Synchronous, with local warehouse and staging; items come from the S3 server that AWS_ENDPOINT_URL names.
"""

import pathlib
import sys

from earthcatalog import store_config
from earthcatalog.pipelines.backfill import run_backfill
from obstore.store import LocalStore

inventory, work, chunk = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
for name in ("catalog", "staging", "warehouse"):
    (work / name).mkdir(parents=True, exist_ok=True)
store_config.set_store(LocalStore(str(work / "catalog")))
run_backfill(inventory_path=inventory, catalog_path=str(work / "catalog/earthcatalog.db"),
             staging_store=LocalStore(str(work / "staging")), staging_prefix="ingest",
             warehouse_store=LocalStore(str(work / "warehouse")), warehouse_root=str(work / "warehouse"),
             h3_resolution=1, chunk_size=chunk, use_lock=False, upload=False)
