/// How a call ended. The numbers are gRPC's, so that both faces of a service speak of the same thing.
public struct RPCStatus: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let ok = RPCStatus(rawValue: 0)
  public static let cancelled = RPCStatus(rawValue: 1)
  public static let unknown = RPCStatus(rawValue: 2)
  public static let invalidArgument = RPCStatus(rawValue: 3)
  public static let deadlineExceeded = RPCStatus(rawValue: 4)
  public static let notFound = RPCStatus(rawValue: 5)
  public static let alreadyExists = RPCStatus(rawValue: 6)
  public static let permissionDenied = RPCStatus(rawValue: 7)
  public static let resourceExhausted = RPCStatus(rawValue: 8)
  public static let failedPrecondition = RPCStatus(rawValue: 9)
  public static let aborted = RPCStatus(rawValue: 10)
  public static let outOfRange = RPCStatus(rawValue: 11)
  public static let unimplemented = RPCStatus(rawValue: 12)
  public static let `internal` = RPCStatus(rawValue: 13)
  public static let unavailable = RPCStatus(rawValue: 14)
  public static let dataLoss = RPCStatus(rawValue: 15)
  public static let unauthenticated = RPCStatus(rawValue: 16)
}
