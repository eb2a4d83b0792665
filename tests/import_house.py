"""A warehouse in a temporary folder and files to feed it with, for the tests of the door."""

from datetime import time
from pathlib import Path

import polars as pl

from segml.datasets.sources import file_source
from segml.storage.counts import ImportCount
from segml.storage.warehouse import Warehouse

HEADER = "order_id,customer_id,ordered_at,amount"
ORDERS = f"{HEADER}\n1,7,2024-03-01 12:00,10.50\n2,8,2024-03-02 19:30:15,20\n"


class House:
    """A warehouse in a temporary folder, and files to feed it with."""

    def __init__(self, folder: Path, zone: str = "UTC", start: time = time(0)) -> None:
        self.folder = folder
        self.warehouse = Warehouse(folder / "house", time_zone=zone, service_day_start=start)

    def file(self, content: str | bytes | pl.DataFrame, name: str) -> Path:
        path = self.folder / name
        if isinstance(content, pl.DataFrame):
            content.write_parquet(path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take(
        self, content: str | bytes | pl.DataFrame, table: str = "orders", name: str = ""
    ) -> ImportCount:
        suffix = "parquet" if isinstance(content, pl.DataFrame) else "csv"
        path = self.file(content, name or f"{table}.{suffix}")
        return self.warehouse.append([file_source(table, path)])[table]

    def rows(self, table: str = "orders") -> list[dict[str, object]]:
        return self.warehouse.tables()[table].collect().to_dicts()

    def column(self, name: str, table: str = "orders") -> list[object]:
        return [row[name] for row in self.rows(table)]

    def rejects(self) -> list[dict[str, object]]:
        return self.warehouse.rejects().collect().to_dicts()

    def state(self) -> dict[str, bytes]:
        """Every file of the warehouse, byte by byte."""
        root = self.folder / "house"
        return {str(p): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
