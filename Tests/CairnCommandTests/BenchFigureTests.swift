import Testing

@testable import CairnCommand

@Suite struct BenchFigureTests {
  @Test("A quantile is within two percent of the value at its rank")
  func quantiles() throws {
    var histogram = LatencyHistogram()
    for value in UInt64(1)...100_000 { histogram.add(nanoseconds: value * 1_000) }
    for (share, expected) in [(0.5, 50e6), (0.99, 99e6), (1.0, 100e6)] {
      let quantile = Double(try #require(histogram.quantile(share)))
      #expect(abs(quantile / expected - 1) < 0.02)
    }
    #expect(histogram.count == 100_000)
  }

  @Test("Small durations are kept exactly, and the largest number of all is a duration too")
  func extremes() throws {
    var histogram = LatencyHistogram()
    for value in [UInt64(0), 1, 63, 64, 65] { histogram.add(nanoseconds: value) }
    #expect(histogram.quantile(0) == 0)
    #expect(histogram.quantile(0.6) == 63)
    #expect(histogram.quantile(0.8) == 64)
    histogram.add(nanoseconds: .max)
    #expect(try #require(histogram.quantile(1)) > 1 << 39)
  }

  @Test("Nothing measured is no latency")
  func empty() {
    #expect(LatencyHistogram().quantile(0.5) == nil)
    #expect(Latency(LatencyHistogram()) == nil)
  }

  @Test("Figures have separators, and as many digits as mean something")
  func figures() {
    #expect(Figure.whole(1_234_567.4) == "1,234,567")
    #expect(Figure.whole(999.6) == "1,000")
    #expect(Figure.whole(0) == "0")
    #expect(Figure.short(123.4) == "123")
    #expect(Figure.short(12.34) == "12.3")
    #expect(Figure.short(0.126) == "0.13")
    #expect(Figure.percent(0.5) == "50.0 %")
  }

  @Test("Columns are aligned, the first to the left")
  func table() {
    #expect(TextTable.aligned([["", "b"], ["long", "1,000"], ["x", "2"]]) == "          b\nlong  1,000\nx         2")
  }
}
