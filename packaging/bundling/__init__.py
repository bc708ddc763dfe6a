"""Makes packages of syncagent: icons, a bundle with its own interpreter, a .deb, an AppImage.

``python -m bundling`` (see packaging/README.md) makes what this system can, and says what it left out and why.
"""
