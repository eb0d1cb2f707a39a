import CairnIdentity
import Testing

@Suite struct TimestampTests {
  @Test(
    "Times are read and written back in UTC",
    arguments: [
      ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"), ("2023-02-24T23:36:38Z", 1_677_281_798_000, "2023-02-24T23:36:38Z"),
      ("2000-02-29T12:00:00.5Z", 951_825_600_500, "2000-02-29T12:00:00.500Z"),
      ("2026-01-01T01:30:00+01:30", 1_767_225_600_000, "2026-01-01T00:00:00Z"),
      ("2025-12-31T10:00:00.123456-14:00", 1_767_225_600_123, "2026-01-01T00:00:00.123Z"),
      ("0001-01-01T00:00:00Z", -62_135_596_800_000, "0001-01-01T00:00:00Z"),
      ("9999-12-31T23:59:59.999Z", 253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
      ("1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z"),
      ("2100-03-01T00:00:00-00:00", 4_107_542_400_000, "2100-03-01T00:00:00Z"),
    ] as [(String, Int64, String)])
  func readAndWritten(text: String, milliseconds: Int64, written: String) throws {
    let time = try #require(Timestamp(parsing: text))
    #expect(time.milliseconds == milliseconds)
    #expect(time.description == written)
  }

  @Test("Every day of four centuries comes back") func days() {
    let day: Int64 = 86_400_000
    var previous = ""
    for count in 0..<(146_097 as Int64) {
      let time = Timestamp(milliseconds: Timestamp.range.lowerBound + count * day)
      let text = time.description
      #expect(Timestamp(parsing: text) == time)
      #expect(previous < text)
      previous = text
    }
  }

  @Test(
    "What is no dateTimeStamp is refused",
    arguments: [
      "", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00Z", "2026-01-01 00:00:00Z", "2026-01-01t00:00:00Z",
      "2026-01-01T00:00:00z", " 2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z ", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
      "2026-01-32T00:00:00Z", "2026-01-00T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
      "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z",
      "2026-01-01T00:00:00.1234567890123Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+1:00",
      "2026-01-01T00:00:00+14:01", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+", "0000-01-01T00:00:00Z", "-2026-01-01T00:00:00Z",
      "12026-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "２026-01-01T00:00:00Z",
      "2026-01-01T00:00:00.111111111111111111111111111111111111111Z",
    ])
  func refused(text: String) { #expect(Timestamp(parsing: text) == nil) }

  @Test("NumericDates are seconds") func numericDates() {
    #expect(Timestamp(numericDate: 1_686_920_170)?.description == "2023-06-16T12:56:10Z")
    #expect(Timestamp(numericDate: 0.5)?.milliseconds == 500)
    #expect(Timestamp(numericDate: -1)?.milliseconds == -1000)
    #expect(Timestamp(milliseconds: 1999).numericDate == 1)
    #expect(Timestamp(milliseconds: -1).numericDate == -1)
    for value in [Double.nan, .infinity, -.infinity, 1e300, -1e300, 9.3e15, 253_402_300_800, -62_135_596_801] {
      #expect(Timestamp(numericDate: value) == nil)
    }
  }

  @Test("Nothing overflows") func saturation() {
    let (first, last) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
    #expect(first.milliseconds == Timestamp.range.lowerBound)
    #expect(last.milliseconds == Timestamp.range.upperBound)
    #expect(last.adding(milliseconds: .max) == last)
    #expect(first.adding(milliseconds: .min) == first)
    #expect(first.adding(milliseconds: .max) == last)
    #expect(last.millisecondsSince(first) > 0)
    #expect(first < last)
  }
}
