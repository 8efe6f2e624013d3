//! Files of rows: CSV, JSON, Parquet, Arrow, Markdown and SQL, written and read. Knows no server.
