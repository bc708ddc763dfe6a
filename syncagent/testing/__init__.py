"""For people who write another client, another hub, or tests of either."""
