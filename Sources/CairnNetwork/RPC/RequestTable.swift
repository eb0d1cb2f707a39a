import NIOCore

/// A request of this client that has not ended.
struct ClientRequest {
  enum Kind {
    case call(ClientSession.Completion)
    case stream(ClientStream)
  }

  let kind: Kind
  let deadline: NIODeadline
  /// By which its owner refers to it; 0 when nobody does.
  let token: UInt64
  /// The owner has an error already, and the server's last frame is still awaited.
  fileprivate(set) var isGivenUp = false

  init(kind: Kind, deadline: NIODeadline, token: UInt64) {
    self.kind = kind
    self.deadline = deadline
    self.token = token
  }

  func fail(_ error: RPCError) {
    if isGivenUp { return }
    switch kind {
    case .call(let completion): completion(.failure(error))
    case .stream(let stream): stream.end(.failure(error))
    }
  }
}

/// The state of a stream, confined to the connection's event loop.
final class ClientStream {
  let method: UInt16
  let inbox: StreamInbox
  var sender: CreditedSender
  var receiver: CreditedReceiver
  /// Whether more can be written.
  var isOutputOpen = true
  var hasSentLast = false

  init(method: UInt16, credits: Int, inbox: StreamInbox) {
    self.method = method
    self.inbox = inbox
    sender = CreditedSender(credits: credits)
    receiver = CreditedReceiver(window: credits)
  }

  func end(_ end: StreamInbox.Next) {
    isOutputOpen = false
    sender.removeAll(failing: end.error ?? .cancelled)
    inbox.finish(end)
  }
}

extension StreamInbox.Next {
  fileprivate var error: RPCError? { if case .failure(let error) = self { error } else { nil } }
}

/// The requests in flight, found by id without hashing: the low 16 bits of an id are a place in the table, the high ones count
/// how often the place was used, so that an id comes again only after 65,536 requests in its place.
struct RequestTable {
  private struct Place {
    /// The id of the request here, or of the next one when there is none. Never 0.
    var id: UInt32
    var request: ClientRequest?
  }

  private var places: [Place] = []
  private var free: [Int] = []
  /// Streams are referred to often; calls only when they are cancelled.
  private var streamIDs: [UInt64: UInt32] = [:]

  private(set) var count = 0

  subscript(id: UInt32) -> ClientRequest? {
    let place = Int(id & 0xffff)
    guard place < places.count, places[place].id == id else { return nil }
    return places[place].request
  }

  /// - Returns: the request's id, `nil` when there are `limit` already.
  mutating func insert(_ request: ClientRequest, limit: Int) -> UInt32? {
    guard count < limit else { return nil }
    count += 1
    let place = free.popLast() ?? places.count
    // The high part of an id is never 0, so that no id is.
    if place == places.count { places.append(Place(id: 1 << 16 | UInt32(truncatingIfNeeded: place), request: nil)) }
    places[place].request = request
    if case .stream = request.kind { streamIDs[request.token] = places[place].id }
    return places[place].id
  }

  /// The request has ended on both sides.
  mutating func remove(_ id: UInt32) {
    let place = Int(id & 0xffff)
    guard place < places.count, places[place].id == id, let request = places[place].request else { return }
    if case .stream = request.kind { streamIDs[request.token] = nil }
    let uses = ((id >> 16) + 1) & 0xffff
    places[place] = Place(id: max(uses, 1) << 16 | id & 0xffff, request: nil)
    free.append(place)
    count -= 1
  }

  mutating func giveUp(_ id: UInt32) {
    let place = Int(id & 0xffff)
    guard place < places.count, places[place].id == id else { return }
    places[place].request?.isGivenUp = true
  }

  /// The request that `token` refers to, unless it has been given up.
  func id(of token: UInt64) -> UInt32? {
    if let id = streamIDs[token] { return self[id]?.isGivenUp == false ? id : nil }
    return places.first { place in
      guard let request = place.request else { return false }
      return request.token == token && !request.isGivenUp
    }?.id
  }

  /// Of the requests that have not been given up.
  var deadlines: [(id: UInt32, deadline: NIODeadline)] {
    places.compactMap { place in
      guard let request = place.request, !request.isGivenUp else { return nil }
      return (place.id, request.deadline)
    }
  }

  var streams: [(id: UInt32, stream: ClientStream)] {
    places.compactMap { place in
      guard let request = place.request, !request.isGivenUp, case .stream(let stream) = request.kind else { return nil }
      return (place.id, stream)
    }
  }

  mutating func removeAll() -> [ClientRequest] {
    defer { self = RequestTable() }
    return places.compactMap(\.request)
  }
}
