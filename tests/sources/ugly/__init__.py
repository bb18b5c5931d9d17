"""Tables as dirty as people have them, each column with the kind that a person would say.

They are made by code after the layout and the dirt of public ones, and hold no line of those.
"""
