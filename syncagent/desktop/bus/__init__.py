"""The tray on a Linux desktop: StatusNotifierItem, com.canonical.dbusmenu, org.freedesktop.Notifications."""
