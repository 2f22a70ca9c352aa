"""Running the shop: time series, promotions, prices, pages that lose buyers, searches."""
