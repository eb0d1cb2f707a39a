import CairnPolicy
import Testing

@Suite struct ExtensionTests {
  @Test(
    "Decimals",
    arguments: [
      ("0.0", 0), ("1.5", 15_000), ("-1.5", -15_000), ("-0.0001", -1), ("00012.34", 123_400), ("922337203685477.5807", Int64.max),
      ("-922337203685477.5808", .min), ("1.2300", 12_300),
    ] as [(String, Int64)])
  func decimals(text: String, value: Int64) throws {
    let decimal = try #require(CedarDecimal(parsing: text))
    #expect(decimal.tenThousandths == value)
    #expect(CedarDecimal(parsing: decimal.description) == decimal)
  }

  @Test(
    "Texts that are no decimals",
    arguments: [
      "", "1", "1.", ".1", "-", "-.1", "+1.0", "1.23456", "1.2.3", "1e2.0", " 1.0", "1.0 ", "1_0.0", "٣.0", "--1.0", "-1.-5",
      "922337203685477.5808", "-922337203685477.5809", "99999999999999999999999999.0",
    ])
  func notDecimals(text: String) { #expect(CedarDecimal(parsing: text) == nil) }

  @Test(
    "Addresses",
    arguments: [
      ("127.0.0.1", "127.0.0.1/32"), ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("::", "0:0:0:0:0:0:0:0/128"),
      ("::1", "0:0:0:0:0:0:0:1/128"), ("1::8/64", "1:0:0:0:0:0:0:8/64"), ("A:b:C:d:1:2:3:4", "a:b:c:d:1:2:3:4/128"),
      ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0/128"), ("::ffff:1/0", "0:0:0:0:0:0:ffff:1/0"),
    ])
  func addresses(text: String, full: String) throws {
    let address = try #require(CedarIPAddress(parsing: text))
    #expect(address.description == full)
    #expect(CedarIPAddress(parsing: full) == address)
  }

  @Test(
    "Texts that are no addresses",
    arguments: [
      "", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4/33", "1.2.3.4/08", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/1/2", ":::",
      "1::2::3",
      "12345::", "g::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4::5:6:7:8", "::1/129", "::ffff:127.0.0.1", ":1", "1:", " ::1",
      "::1%eth0",
      "0000:0000:0000:0000:0000:0000:0000:0000/1280",
    ])
  func notAddresses(text: String) { #expect(CedarIPAddress(parsing: text) == nil) }

  @Test(
    "Ranges",
    arguments: [
      ("10.1.2.3", "10.0.0.0/8", true), ("11.0.0.0", "10.0.0.0/8", false), ("10.0.0.0/8", "10.1.0.0/16", false),
      ("10.0.0.9/8", "10.7.0.0/8", true),
      ("0.0.0.0/0", "0.0.0.0/0", true), ("::1", "::/0", true), ("::1", "0.0.0.0/0", false), ("ff00::1", "ff00::/8", true),
      ("1.2.3.4", "1.2.3.4", true),
    ])
  func ranges(inner: String, outer: String, isInRange: Bool) throws {
    let inner = try #require(CedarIPAddress(parsing: inner))
    #expect(inner.isInRange(try #require(CedarIPAddress(parsing: outer))) == isInRange)
  }

  @Test(
    "Loopback and multicast",
    arguments: [
      ("127.0.0.1", true, false), ("127.9.9.9/8", true, false), ("127.0.0.1/7", false, false), ("::1", true, false),
      ("::1/127", false, false),
      ("224.0.0.1", false, true), ("239.255.255.255", false, true), ("240.0.0.0", false, false), ("224.0.0.0/3", false, false),
      ("ff02::1", false, true), ("fe00::", false, false), ("ff00::/7", false, false),
    ])
  func kinds(text: String, isLoopback: Bool, isMulticast: Bool) throws {
    let address = try #require(CedarIPAddress(parsing: text))
    #expect(address.isLoopback == isLoopback)
    #expect(address.isMulticast == isMulticast)
  }

  @Test(
    "Datetimes",
    arguments: [
      ("1970-01-01", 0), ("1969-12-31", -86_400_000), ("2024-02-29", 1_709_164_800_000), ("2000-03-01T00:00:00Z", 951_868_800_000),
      ("2024-10-15T11:38:02.101Z", 1_728_992_282_101), ("2024-10-15T11:38:02+0130", 1_728_986_882_000),
      ("2024-10-15T11:38:02.101-1134", 1_729_033_922_101), ("0000-01-01", -62_167_219_200_000),
      ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
      ("1970-01-01T00:00:00+2359", -86_340_000), ("1900-03-01", -2_203_891_200_000), ("0001-01-01", -62_135_596_800_000),
    ] as [(String, Int64)])
  func datetimes(text: String, milliseconds: Int64) throws {
    #expect(try #require(CedarDatetime(parsing: text)).milliseconds == milliseconds)
  }

  @Test(
    "Texts that are no datetimes",
    arguments: [
      "", "2024", "2024-1-1", "2024-13-01", "2024-00-01", "2023-02-29", "1900-02-29", "2024-04-31", "2024-01-00", "24-01-01", "02024-01-01",
      "2024-01-01T", "2024-01-01Z", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z",
      "2024-01-01T00:00:00.1Z", "2024-01-01T00:00:00.1234Z", "2024-01-01T00:00Z", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+2400",
      "2024-01-01T00:00:00+0060", "2024-01-01 00:00:00Z", "2024-01-01t00:00:00z", "2024-01-01T00:00:00ZZ", "-2024-01-01",
      "2024-01-01T00:00:00+01",
    ])
  func notDatetimes(text: String) { #expect(CedarDatetime(parsing: text) == nil) }

  @Test(
    "Durations",
    arguments: [
      ("0ms", 0), ("1d2h3m4s5ms", 93_784_005), ("-1d", -86_400_000), ("1h5ms", 3_600_005), ("90m", 5_400_000),
      ("-9223372036854775808ms", .min),
      ("9223372036854775807ms", .max), ("00001s", 1000),
    ] as [(String, Int64)])
  func durations(text: String, milliseconds: Int64) throws {
    let duration = try #require(CedarDuration(parsing: text))
    #expect(duration.milliseconds == milliseconds)
    #expect(CedarDuration(parsing: duration.description) == duration)
  }

  @Test(
    "Texts that are no durations",
    arguments: [
      "", "-", "1", "d", "1D", "1d1d", "1ms1s", "1s1m", "1h1d", " 1d", "1d ", "+1d", "1.5d", "--1d", "1d-1h", "9223372036854775808ms",
      "-9223372036854775809ms", "106751991168d", "99999999999999999999d", "1x", "1dd",
    ])
  func notDurations(text: String) { #expect(CedarDuration(parsing: text) == nil) }

  @Test(
    "Calculations with time",
    arguments: [
      "datetime(\"1970-01-02\").offset(duration(\"-1d\")) == datetime(\"1970-01-01\")",
      "datetime(\"1970-01-03\").durationSince(datetime(\"1970-01-01\")) == duration(\"2d\")",
      "datetime(\"2024-10-15T11:38:02.101Z\").toDate() == datetime(\"2024-10-15\")",
      "datetime(\"1969-12-31T23:00:00Z\").toDate() == datetime(\"1969-12-31\")",
      "datetime(\"1969-12-31T23:00:00Z\").toTime() == duration(\"23h\")", "datetime(\"1969-12-31\").toTime() == duration(\"0ms\")",
      "duration(\"-1s500ms\").toSeconds() == -1", "duration(\"1d\").toHours() == 24", "duration(\"1d\").toMinutes() == 1440",
      "duration(\"36h\").toDays() == 1", "duration(\"1s\").toMilliseconds() == 1000", "duration(\"1h\") < duration(\"61m\")",
      "datetime(\"2024-01-01\") >= datetime(\"2024-01-01\")", "decimal(\"1.0\").lessThan(decimal(\"1.1\"))",
      "decimal(\"1.0\").lessThanOrEqual(decimal(\"1.00\"))", "decimal(\"-1.0\").greaterThan(decimal(\"-1.1\"))",
      "decimal(\"2.0\").greaterThanOrEqual(decimal(\"2.0\"))", "ip(\"::1\").isIpv6() && !ip(\"::1\").isIpv4()",
    ])
  func calculations(text: String) throws {
    #expect(try Expression(parsing: text).evaluate(Sample.request(), entities: Entities.empty) == .bool(true))
  }

  @Test("Beyond the range of 64 bits there is no result") func overflow() throws {
    let latest = CedarDatetime(milliseconds: .max)
    let earliest = CedarDatetime(milliseconds: .min)
    #expect(latest.offset(by: CedarDuration(milliseconds: 1)) == nil)
    #expect(latest.duration(since: earliest) == nil)
    #expect(earliest.date == nil)
    #expect(earliest.timeOfDay.milliseconds >= 0)
  }
}
