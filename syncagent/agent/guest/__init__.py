"""A guest on the person's machine: what it does less of while the network costs, on battery, and by the hours.

``timetable`` and ``deciding`` are pure: what a person wants, and what follows.  ``manners`` goes by it for one folder.
``senses`` says what this system can tell, and the adapters ``under_…`` hear it.
"""
