"""What Alembic runs: the steps, on the connection that it was given."""

from alembic import context

from segml.storage.records.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # the caller's transaction holds all steps or none
)
context.run_migrations()
