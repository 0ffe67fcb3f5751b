"""Prints the files that the Python system's search_files names for a point: peer_search.py WORK LON LAT"""

import sys

import earthcatalog
from obstore.store import LocalStore
from shapely.geometry import Point

work, lon, lat = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
print("\n".join(earthcatalog.open(store=LocalStore(), base=work).search_files(Point(lon, lat))))
