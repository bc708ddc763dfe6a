"""The local disk: seen (scanner), changed (applier, staging), watched (watcher)."""
