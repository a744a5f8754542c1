// The library would write a style into each page, which the content security policy forbids; the admin shows no indicators.
htmx.config.includeIndicatorStyles = false;
