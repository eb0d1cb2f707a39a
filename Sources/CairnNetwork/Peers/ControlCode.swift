/// The mesh's own frames, beside the messages of the node.
///
/// On each connection the side that dialled says hello, the other side judges it and answers with its own hello, which the first side
/// judges as well. From then on the dialling side sends messages (request id 0), requests (any other id) and pings; the accepting
/// side sends answers, with the request's id and code, and pongs. All frames carry the flag `last` and no other.
enum ControlCode: UInt16 {
  /// The first frame in each direction. The payload is the delegate's.
  case hello = 0xff00
  /// Instead of a hello, or after one: the connection is refused. The payload says why, in ASCII.
  case refused = 0xff01
  /// Keeps a connection alive that has nothing to say; from the side that dialled.
  case ping = 0xff02
  case pong = 0xff03
  /// Instead of an answer to the request with the same id.
  case declined = 0xff04
}
