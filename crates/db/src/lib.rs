//! What a Rust cell imports: the notebook's session, rows and models.
