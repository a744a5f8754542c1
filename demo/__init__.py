"""The main job without hands: five people talk to the bot, and everything that came of it is counted."""
