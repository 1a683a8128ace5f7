using System.Text;
using Puna.Engine.Text;

namespace Puna.Engine.Tests.Decoding;

/// <summary>Ids that stand for given byte strings; an empty one is a control token that ends a turn.</summary>
internal sealed class FakeTokenizer(params byte[][] pieces) : ITokenizer
{
    public int VocabularySize => pieces.Length;

    public TokenizerData Data { get; } =
        new()
        {
            Kind = TokenizerKind.ByteLevelBpe,
            Pieces = [.. pieces.Select(Encoding.Latin1.GetString)],
            Types =
            [
                .. pieces.Select(piece => piece.Length == 0 ? TokenType.Control : TokenType.Normal),
            ],
        };

    public static FakeTokenizer Of(params string[] pieces) =>
        new([.. pieces.Select(Encoding.UTF8.GetBytes)]);

    public IReadOnlyList<int> Encode(string text, bool parseSpecial = true) =>
        throw new NotSupportedException("These tests give ids.");

    public IReadOnlyList<int> EncodeGuarded(string text, char guard) => Encode(text);

    public string Guard(string text, char guard) => text;

    public ReadOnlySpan<byte> Bytes(int id) => pieces[id];

    public string Decode(IReadOnlyList<int> ids, bool showSpecial = false) =>
        Encoding.UTF8.GetString([.. ids.SelectMany(id => pieces[id])]);

    public int? IdOf(string piece) => null;

    public bool IsEnd(int id) => pieces[id].Length == 0;
}
