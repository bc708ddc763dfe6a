"""What Windows is asked that Python does not ask: by ctypes, with the libraries given from outside."""
