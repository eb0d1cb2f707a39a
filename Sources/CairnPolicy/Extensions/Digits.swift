/// Decimal digits, checked: nothing traps, however many there are.
enum Digits {
  static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// - Parameter digits: ASCII digits only.
  /// - Returns: `nil` beyond the range of `Int64`.
  static func int64(_ digits: some Sequence<UInt8>, isNegative: Bool = false) -> Int64? {
    var value: Int64 = 0
    for digit in digits {
      let (product, productOverflow) = value.multipliedReportingOverflow(by: 10)
      let units = Int64(digit &- UInt8(ascii: "0"))
      let (sum, sumOverflow) = product.addingReportingOverflow(isNegative ? -units : units)
      guard !productOverflow, !sumOverflow else { return nil }
      value = sum
    }
    return value
  }

  /// The sum of products, `nil` when any of it overflows.
  static func sum(_ products: [(Int64, Int64)]) -> Int64? {
    var total: Int64 = 0
    for (left, right) in products {
      let (product, productOverflow) = left.multipliedReportingOverflow(by: right)
      let (sum, sumOverflow) = total.addingReportingOverflow(product)
      guard !productOverflow, !sumOverflow else { return nil }
      total = sum
    }
    return total
  }
}
