"""Footprints in the plane of longitudes and latitudes by shapely alone: an independent second opinion of what touches what."""

import shapely


def unrolled(ring, closed):
    """The vertices, longer edges than 180 degrees the short way; a ring round a pole closed over it."""
    path = [tuple(ring[0][:2])]
    for (x, y, *_), (last, *_) in zip(ring[1:], ring):
        step = x - last
        if abs(step) > 180 and abs(step) != 360:
            step -= 360 if step > 0 else -360
        path.append((path[-1][0] + step, y))
    if closed and round(abs(path[-1][0] - path[0][0])) == 360:
        pole = 90 if sum(y for _, y in path) > 0 else -90
        path += [(path[-1][0], pole), (path[0][0], pole), path[0]]
    return path


def planar(geometry):
    """The geometry as shapely's, drawn without jumps; the western end of each part in [-180, 180)."""
    kind, coordinates = geometry["type"], geometry.get("coordinates")
    if kind == "GeometryCollection":
        return shapely.GeometryCollection([planar(member) for member in geometry["geometries"]])
    if kind.startswith("Multi"):
        return shapely.GeometryCollection([planar({"type": kind[5:], "coordinates": part}) for part in coordinates])
    if kind == "Point":
        made = shapely.Point(coordinates[:2])
    elif kind == "LineString":
        made = shapely.LineString(unrolled(coordinates, False))
    else:
        shell, *holes = [unrolled(ring, True) for ring in coordinates]
        made = shapely.Polygon(shell, holes)
    west, _, east, _ = made.bounds
    turns = 0 if west >= -180 and east <= 180 else -360 * ((west + 180) // 360)
    return shapely.transform(made, lambda points: points + [turns, 0]) if turns else made


def touch(one, other):
    """Whether two planar geometries share a point of the globe."""
    if any(all(at(g.bounds) for g in (one, other)) for at in (lambda b: b[3] == 90, lambda b: b[1] == -90)):
        return True
    return any(shapely.intersects(one, shapely.transform(other, lambda points: points + [turn, 0])) for turn in (-360, 0, 360))
