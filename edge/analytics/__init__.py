"""Analytics Engine: data points that go nowhere, as in local development."""
