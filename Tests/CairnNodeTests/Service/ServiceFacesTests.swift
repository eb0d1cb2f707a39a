import CairnChain
import CairnMessages
import CairnNetwork
import CairnProtocol
import NIOCore
import Testing

@testable import CairnNode

@Suite struct ServiceFacesTests {
  private let chain = TestChain()

  @Test("Only the listeners that are configured are there") func configured() async throws {
    let configuration = ServiceFaces.Configuration(clients: HostAndPort(host: "127.0.0.1", port: 0), identity: nil)
    let faces = try await ServiceFaces.start(configuration, queries: QueryService(chain, build: "test"))
    #expect(faces.clientPort > 0 && faces.grpcPort == nil && faces.adminPort == nil)
    await faces.shutdown(within: .seconds(5))
  }

  @Test("An address that is taken is named, and nothing is left listening", arguments: ["grpc", "admin"])
  func taken(listener: String) async throws {
    try await TestFaces.with(chain) { first in
      let anywhere = HostAndPort(host: "127.0.0.1", port: 0)
      let taken = HostAndPort(host: "127.0.0.1", port: first.faces.clientPort)
      var configuration = ServiceFaces.Configuration(clients: anywhere, identity: nil)
      if listener == "grpc" { configuration.grpc = taken } else { configuration.admin = taken }
      do throws(ServiceFacesError) {
        _ = try await ServiceFaces.start(configuration, queries: first.queries)
        Issue.record("the address was free")
      } catch {
        #expect(error.listener == listener && error.address == taken && !error.problem.isEmpty)
      }
    }
  }

  @Test("A shutdown ends the connections of every face") func shutdown() async throws {
    let faces = try await TestFaces.start(chain)
    let connection = try await faces.connect()
    _ = try await connection.call(.info, ProtoInfoRequest(), ProtoInfo.self)
    await faces.stop()
    try await connection.closed.get()
    await #expect(throws: (any Error).self) { try await faces.connect() }
  }
}
