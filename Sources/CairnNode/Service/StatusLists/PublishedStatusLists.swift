import CairnCrypto
import CairnIdentity
import CairnMessages
import Synchronization

/// Status lists as their issuers signed them, the newest of each list and form.
///
/// In memory: after a restart a node serves its lists unsigned, and still proven, until the issuers' next refresh.
final class PublishedStatusLists: Sendable {
  struct Key: Hashable {
    let list: StatusListID
    let form: ProtoStatusListForm
  }

  struct Document {
    let bytes: [UInt8]
    /// What it says of the list's bits.
    let bits: Digest
    /// Unix time; `nil` for one that says nothing about its end.
    let validUntilMilliseconds: Int64?
  }

  private struct Contents {
    var documents: [Key: Document] = [:]
    /// The one that was published longest ago first.
    var order: [Key] = []
    var byteCount = 0

    mutating func remove(_ key: Key) {
      guard let document = documents.removeValue(forKey: key) else { return }
      byteCount -= document.bytes.count
      order.removeAll { $0 == key }
    }
  }

  /// About a thousand lists of ordinary length, or two hundred of the largest.
  private static let byteLimit = 64 << 20

  private let contents = Mutex(Contents())

  subscript(list: StatusListID, form: ProtoStatusListForm) -> Document? {
    contents.withLock { $0.documents[Key(list: list, form: form)] }
  }

  /// Takes the place of the list's document of this form; the ones that were published longest ago make room.
  func publish(_ document: Document, of list: StatusListID, form: ProtoStatusListForm) {
    let key = Key(list: list, form: form)
    contents.withLock { contents in
      contents.remove(key)
      contents.documents[key] = document
      contents.order.append(key)
      contents.byteCount += document.bytes.count
      while contents.byteCount > Self.byteLimit, let oldest = contents.order.first { contents.remove(oldest) }
    }
  }
}
