"""How dates and numbers are written, where Django's own idea of a language does not suit tables of figures."""
