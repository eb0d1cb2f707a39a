/// A view of an epoch; later ones are greater.
public struct ViewPosition: Hashable, Comparable, Sendable {
  public var epoch: UInt64
  public var view: UInt64

  public init(epoch: UInt64, view: UInt64) {
    (self.epoch, self.view) = (epoch, view)
  }

  /// Before every view in which anything is signed.
  public static let start = ViewPosition(epoch: 0, view: 0)

  public static func < (left: ViewPosition, right: ViewPosition) -> Bool {
    left.epoch == right.epoch ? left.view < right.view : left.epoch < right.epoch
  }

  /// The last view whose records nobody asks for any more once `self` is finalized; `nil` at the very start.
  var retentionFloor: ViewPosition? { floor(retaining: Self.retainedViews) }

  /// The last view below the last `count` ones up to here; `nil` when there is none.
  package func floor(retaining count: UInt64) -> ViewPosition? {
    if view >= count { return ViewPosition(epoch: epoch, view: view - count) }
    return epoch > 0 ? ViewPosition(epoch: epoch - 1, view: Self.lastView) : nil
  }

  /// Whether records have room for it.
  package var isRecordable: Bool { epoch <= Self.lastView && view <= Self.lastView }

  /// Consensus tracks views from the last finalized one minus 256.
  private static let retainedViews: UInt64 = 256
  /// The last that a database has room for.
  private static let lastView = UInt64(Int64.max)
}
