"""The tray: an icon beside the clock that says how the folder is doing, a menu, and notifications."""
