import CairnMessages
import CairnProtocol
import Foundation
import GRPCCore
import SwiftProtobuf

/// grpc.reflection.v1, so that `grpcurl` and its like work without our files.
struct GRPCReflectionService: GRPCServerReflection.SimpleServiceProtocol {
  /// Full names of what the listener serves.
  let services: [String]
  private let files: DescribedFiles

  init(services: [String]) {
    self.services = services
    files = DescribedFiles()
  }

  func serverReflectionInfo(
    request: RPCAsyncSequence<GRPCServerReflectionRequest, any Error>, response: RPCWriter<GRPCServerReflectionResponse>,
    context: ServerContext
  ) async throws {
    for try await request in request { try await response.write(answer(request)) }
  }

  private func answer(_ request: GRPCServerReflectionRequest) -> GRPCServerReflectionResponse {
    var response = GRPCServerReflectionResponse()
    response.validHost = request.host
    response.originalRequest = request
    switch request.messageRequest {
    case .listServices:
      response.listServicesResponse.service = services.map { name in
        var service = GRPCServiceResponse()
        service.name = name
        return service
      }
    case .fileByFilename(let name):
      describe(files.file(named: name), name, &response)
    case .fileContainingSymbol(let symbol):
      describe(files.file(declaring: symbol), symbol, &response)
    case .fileContainingExtension(let request):
      describe(nil, request.containingType, &response)
    case .allExtensionNumbersOfType(let type):
      if files.file(declaring: type) == nil {
        describe(nil, type, &response)
      } else {
        response.allExtensionNumbersResponse.baseTypeName = type
      }
    case nil:
      response.errorResponse = error(.invalidArgument, "The request asks for nothing.")
    }
    return response
  }

  /// With everything the file imports: a client then needs no second question.
  private func describe(_ file: String?, _ wanted: String, _ response: inout GRPCServerReflectionResponse) {
    guard let file else {
      response.errorResponse = error(.notFound, "There is no \(wanted) here.")
      return
    }
    response.fileDescriptorResponse.fileDescriptorProto = files.withImports(of: file)
  }

  private func error(_ code: RPCError.Code, _ message: String) -> GRPCErrorResponse {
    var error = GRPCErrorResponse()
    error.errorCode = Int32(clamping: code.rawValue)
    error.errorMessage = message
    return error
  }
}

/// The services' descriptors, found by file and by full name.
private struct DescribedFiles {
  private var files: [String: (bytes: Data, imports: [String])] = [:]
  /// File by the full name of what it declares.
  private var symbols: [String: String] = [:]

  init() {
    guard let data = Data(base64Encoded: fileDescriptorSetBase64),
      let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: data)
    else { preconditionFailure("the generated descriptors are a FileDescriptorSet") }
    for file in set.file { add(file) }
  }

  private mutating func add(_ file: Google_Protobuf_FileDescriptorProto) {
    files[file.name] = ((try? file.serializedData()) ?? Data(), file.dependency)
    let scope = file.package
    for message in file.messageType { add(message, in: scope, of: file.name) }
    for declared in file.enumType { add(declared, in: scope, of: file.name) }
    for service in file.service {
      symbols["\(scope).\(service.name)"] = file.name
      for method in service.method { symbols["\(scope).\(service.name).\(method.name)"] = file.name }
    }
  }

  private mutating func add(_ message: Google_Protobuf_DescriptorProto, in scope: String, of file: String) {
    let name = "\(scope).\(message.name)"
    symbols[name] = file
    for field in message.field { symbols["\(name).\(field.name)"] = file }
    for nested in message.nestedType { add(nested, in: name, of: file) }
    for nested in message.enumType { add(nested, in: name, of: file) }
  }

  private mutating func add(_ declared: Google_Protobuf_EnumDescriptorProto, in scope: String, of file: String) {
    symbols["\(scope).\(declared.name)"] = file
    for value in declared.value { symbols["\(scope).\(value.name)"] = file }
  }

  func file(named name: String) -> String? { files[name] == nil ? nil : name }

  func file(declaring symbol: String) -> String? { symbols[symbol] }

  /// The file first, then whatever it imports, each once.
  func withImports(of file: String) -> [Data] {
    var names = [file]
    var position = 0
    while position < names.count {
      for name in files[names[position]]?.imports ?? [] where !names.contains(name) { names.append(name) }
      position += 1
    }
    return names.compactMap { files[$0]?.bytes }
  }
}
