"""The global objects of JavaScript that the module `js` shows."""
