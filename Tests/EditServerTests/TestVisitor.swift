import Foundation
import HTTPTypes
import Testing

@testable import EditServer

/// A browser without a script: it keeps cookies, and sends forms with what the page put into them.
final class TestVisitor {
    private let caller: TestCaller
    private var cookies: [String: String] = [:]
    /// That of the last page with a form.
    private(set) var formToken = ""

    init(_ caller: TestCaller) { self.caller = caller }

    func send(
        _ path: String, _ method: HTTPRequest.Method = .get, body: String? = nil,
        headers: HTTPFields = [:]
    ) async throws -> TestCaller.Answer {
        var headers = headers
        headers[.cookie] = cookies.map { "\($0)=\($1)" }.joined(separator: "; ")
        let answer = try await caller.send(method, path, body, headers: headers)
        for line in answer.headers[values: .setCookie] {
            let pair = line.split(separator: ";")[0].split(separator: "=", maxSplits: 1)
            cookies[String(pair[0])] = pair.count == 2 ? String(pair[1]) : nil
        }
        if let found = answer.text.firstMatch(of: /name="form-token" value="([0-9a-f]+)"/) {
            formToken = String(found.1)
        }
        return answer
    }

    /// The text of a page that is there.
    func get(_ path: String) async throws -> String {
        let answer = try await send(path)
        #expect(answer.status == 200, "\(path) \(answer.text)")
        return answer.text
    }

    /// Sends a form.
    ///
    /// - Parameters:
    ///   - more: fields that override what the page put into the form.
    ///   - page: where the form is.
    func post(
        _ path: String, _ fields: [String: String] = [:], _ more: [String: String] = [:],
        from page: String = "/page/ask", headers: HTTPFields = [:]
    ) async throws -> TestCaller.Answer {
        if formToken.isEmpty { _ = try await send(page) }
        var fields = fields
        fields["form-token"] = formToken
        fields.merge(more) { $1 }
        let body = fields.map { key, value in
            "\(key)=\(value.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!)"
        }.joined(separator: "&")
        var headers = headers
        headers[.contentType] = "application/x-www-form-urlencoded"
        return try await send(path, .post, body: body, headers: headers)
    }

    /// - Returns: the cookie that came.
    @discardableResult
    func signIn(_ name: String) async throws -> String {
        let answer = try await post(
            "/page/sign-in", ["token": caller.secrets[name]!], from: "/page/sign-in")
        #expect(answer.status == 303, "\(answer.text)")
        _ = try await send("/page/ask")
        return answer.headers[values: .setCookie].joined()
    }
}
