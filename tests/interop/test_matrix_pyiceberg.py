"""PyIceberg writes, then we: every row and every value is what it must be, by the independent reader."""

import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import S3Archive, S3Table
from matrix import FOREIGN, OURS, Engine, SavedTable, check_pair, first_table, key_of, read_table
from position_deletes import delete_positions, point_to

ITEMS = 120


def committed(table):
    """Makes what PyIceberg committed the table's state: on S3 it wrote to a copy of the catalog."""
    getattr(table, "store_copy", lambda: None)()


def with_new_ids(rows):
    at = rows.schema.get_field_index("id")
    return rows.set_column(at, rows.schema.field(at), pc.binary_join_element_wise(FOREIGN, rows["id"], ""))


def delete(table):
    table.load().delete("platform == 'LC08'")
    committed(table)


def delete_cells(table):
    """Items of several cells lose all but one of their rows."""
    table.load().delete("grid_primary == False")
    committed(table)


def overwrite(table):
    """The same rows again: PyIceberg rewrites whole files, and spells column names in its own way."""
    theirs = table.load()
    theirs.overwrite(theirs.scan(row_filter="platform == 'S1A'").to_arrow(), overwrite_filter="platform == 'S1A'")
    committed(table)


def append(table):
    theirs = table.load()
    theirs.append(with_new_ids(theirs.scan(row_filter="platform == 'LE07'").to_arrow()))
    committed(table)


def upsert(table):
    """New values in some rows, and rows of new items."""
    theirs = table.load()
    rows = theirs.scan(row_filter="platform == 'LT05'").to_arrow()
    at = rows.schema.get_field_index("percent_valid_pixels")
    changed = rows.set_column(at, rows.schema.field(at), pa.array([99] * len(rows), pa.int64()))
    theirs.upsert(pa.concat_tables([changed, with_new_ids(rows)]), join_cols=["collection", "id", "grid_partition"])
    committed(table)


def add_files(table):
    """A file without field ids, whose columns only the name mapping knows."""
    theirs = table.load()
    row = with_new_ids(theirs.scan(row_filter="grid_partition == 'world' and platform == 'S2A'").to_arrow().slice(0, 1))
    year = row["datetime"][0].as_py().year
    path = f"{table.warehouse}/grid_partition=world/year={year}/foreign.parquet"
    uri = path if "://" in path else f"file://{path}"
    plain = pa.table(row.columns, schema=pa.schema([without_ids(field) for field in row.schema]))
    with theirs.io.new_output(uri).create() as stream:
        pq.write_table(plain, stream)
    theirs.add_files([uri])
    committed(table)


def without_ids(field):
    kind = pa.struct([without_ids(member) for member in field.type]) if pa.types.is_struct(field.type) else field.type
    return pa.field(field.name, kind)


def rename_and_back(table):
    """Files of the time between carry another name."""
    theirs = table.load()
    with theirs.update_schema() as update:
        update.rename_column("proj:code", "projection")
    theirs = table.load()
    theirs.overwrite(theirs.scan(row_filter="platform == 'LC09'").to_arrow(), overwrite_filter="platform == 'LC09'")
    with theirs.update_schema() as update:
        update.rename_column("projection", "proj:code")
    committed(table)


def expire_snapshots(table):
    overwrite(table)
    table.load().maintenance.expire_snapshots().older_than(datetime.datetime.now()).commit()
    committed(table)


def position_deletes(table):
    """Rows that merge-on-read deletes; PyIceberg, which reads them, agrees with the independent reader."""
    metadata, rows = delete_positions(table.load().metadata_location, lambda row: row["platform"] in ("LC08", "S2B"),
                                      **getattr(table, "io", {}))
    assert rows > 10
    point_to(getattr(table, "copy", table.catalog), metadata)
    committed(table)
    assert sorted(map(key_of, read_table(table))) == sorted((row[0], row[1]) for row in table.rows())


PYICEBERG = Engine("pyiceberg", {operation.__name__: operation for operation in (
    delete, delete_cells, overwrite, append, upsert, add_files, rename_and_back, expire_snapshots, position_deletes)})


@pytest.fixture(scope="session")
def matrix_archive(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("matrix"), "--concentrate", "--odd-every", 12, items=ITEMS, seed=7)


@pytest.fixture(scope="session")
def saved(earthcatalog, matrix_archive, tmp_path_factory):
    return SavedTable(earthcatalog, matrix_archive, tmp_path_factory.mktemp("saved"))



@pytest.mark.parametrize("ours", OURS)
@pytest.mark.parametrize("operation", PYICEBERG.operations)
def test_every_row_and_value_stays(earthcatalog, matrix_archive, saved, operation, ours):
    check_pair(earthcatalog, matrix_archive, saved.restore(), saved.original, PYICEBERG.operations[operation], ours)


class MatrixS3Table(S3Table):
    """With what the independent reader and the position deletes need."""

    def read(self, uri):
        return self.server.get(uri.removeprefix("s3://"))

    @property
    def io(self):
        def write(uri, content):
            with self.server.file_system().open_output_stream(uri.removeprefix("s3://")) as stream:
                stream.write(content)
        return {"read": self.read, "write": write}


@pytest.fixture(scope="session")
def s3_matrix_archive(s3_earthcatalog):
    s3_earthcatalog.run("generate", "--items", 40, "--seed", 7, "--concentrate", "--out", "s3://its-live-data/matrix", check=True)
    return S3Archive("matrix")


@pytest.mark.parametrize("operation, ours", [("overwrite", "refetch"), ("delete_cells", "incremental"), ("append", "compact"),
                                             ("position_deletes", "incremental"), ("position_deletes", "compact")])
def test_every_row_and_value_stays_on_s3(s3_server, s3_earthcatalog, s3_matrix_archive, tmp_path, operation, ours):
    table = MatrixS3Table(s3_server, f"matrix-{operation}-{ours}", tmp_path)
    original = first_table(s3_earthcatalog, s3_matrix_archive, table)
    check_pair(s3_earthcatalog, s3_matrix_archive, table, original, PYICEBERG.operations[operation], ours)
