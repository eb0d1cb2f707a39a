import Testing

@testable import CairnGateway

@Suite struct DateTimeTests {
  @Test(
    "A time in UTC is the last millisecond that its text means",
    arguments: [
      ("1970-01-01T00:00:00Z", 999), ("1970-01-01T00:00:00.0Z", 0), ("2000-02-29T12:34:56Z", 951_827_696_999),
      ("2024-12-31T23:59:59.5Z", 1_735_689_599_500), ("2024-12-31T23:59:59.123456789Z", 1_735_689_599_123),
      ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("2100-03-01T00:00:00.000Z", 4_107_542_400_000),
    ] as [(String, UInt64)])
  func parses(_ text: String, _ milliseconds: UInt64) {
    #expect(DateTime(parsing: text)?.milliseconds == milliseconds)
  }

  @Test(
    "Anything else is not guessed at",
    arguments: [
      "", "Z", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00+01:00", "2024-01-01 00:00:00Z",
      "2024-01-01t00:00:00Z", "2024-01-01T00:00:00z", "2024-1-01T00:00:00Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z",
      "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-04-31T00:00:00Z", "2024-01-01T24:00:00Z",
      "2024-01-01T00:60:00Z", "2024-12-31T23:59:60Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00.1234567890Z", "2024-01-01T00:00:00,5Z",
      "1969-12-31T23:59:59Z", "-2024-01-01T00:00:00Z", "12024-01-01T00:00:00Z", " 2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z ",
      "２０２４-01-01T00:00:00Z", "+024-01-01T00:00:00Z", "2024-01-01T00:00:0aZ",
    ])
  func refuses(_ text: String) {
    #expect(DateTime(parsing: text) == nil)
  }

  @Test("What is written finds the very millisecond's second again, through leap years and centuries")
  func roundTrip() {
    // A prime number of seconds, so that all times of day and all days come up.
    for step in 0..<20_000 {
      let milliseconds = UInt64(step) * 12_670_117_003
      let text = DateTime.text(milliseconds: milliseconds)
      #expect(DateTime(parsing: text)?.milliseconds == milliseconds / 1000 * 1000 + 999, "\(text)")
    }
    #expect(DateTime.text(milliseconds: .max) == "9999-12-31T23:59:59Z")
  }
}
