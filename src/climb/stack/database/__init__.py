"""PostgreSQL: connections that come back by themselves, migrations, and queries that stand in files of SQL."""
