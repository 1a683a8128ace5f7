using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// llama2.c's tokenizer .bin, little-endian: int32 longest piece in bytes, then for each piece f32 score, int32
/// length and the bytes, with real blanks where SentencePiece has the meta-space. Ids 0, 1 and 2 are unknown,
/// beginning and end, as every such file has them; the normaliser is SentencePiece's identity with a blank in front.
/// Whether it removes extra blanks the file does not say: a vocabulary with a piece of several blanks (Llama 2's) keeps
/// them, one without (llama2.c's own training, SentencePiece's default) was trained on texts that had none.
/// </summary>
internal static class Llama2cTokenizerReader
{
    private const string TwoBlanks = "\u2581\u2581";
    private const int Unknown = 0;
    private const int Bos = 1;
    private const int Eos = 2;

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="file">The bytes of the file.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <param name="vocabularySize">Number of pieces to read, or null for all that the file has.</param>
    /// <exception cref="InputException">The file is cut off or damaged.</exception>
    public static TokenizerData Read(
        ReadOnlySpan<byte> file,
        string path,
        int? vocabularySize = null
    )
    {
        if (file.Length < 4)
        {
            throw new InputException(
                $"'{path}' has {file.Length} bytes; a llama2.c tokenizer begins with the length of its longest piece, 4 bytes."
            );
        }

        var longest = BinaryPrimitives.ReadInt32LittleEndian(file);
        var (pieces, scores, types) = (
            new List<string>(),
            new List<float>(),
            new List<TokenType>()
        );
        var at = 4;
        while (at < file.Length && pieces.Count != vocabularySize)
        {
            var left = file.Length - at - 8;
            var length = left < 0 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(file[(at + 4)..]);
            if (length <= 0 || length > left || length > longest)
            {
                throw new InputException(
                    $"'{path}' is cut off or no llama2.c tokenizer: piece {pieces.Count} at byte {at} has the length {length}, {Math.Max(left, 0)} bytes are left and the longest piece has {longest}."
                );
            }

            var bytes = file.Slice(at + 8, length);
            if (!Utf8.IsValid(bytes))
            {
                throw new InputException(
                    $"'{path}' is damaged: piece {pieces.Count} is no valid UTF-8."
                );
            }

            scores.Add(BinaryPrimitives.ReadSingleLittleEndian(file[at..]));
            var (piece, type) = Piece(pieces.Count, Encoding.UTF8.GetString(bytes));
            pieces.Add(piece);
            types.Add(type);
            at += 8 + length;
        }

        if (pieces.Count <= Eos || pieces.Count < vocabularySize)
        {
            throw new InputException(
                $"'{path}' has {pieces.Count} pieces, but {vocabularySize ?? Eos + 1} are needed."
            );
        }

        return new TokenizerData
        {
            Kind = TokenizerKind.SentencePieceBpe,
            Pieces = pieces,
            Scores = scores,
            Types = types,
            AddSpacePrefix = true,
            RemoveExtraBlanks = !pieces.Exists(piece =>
                piece.Contains(TwoBlanks, StringComparison.Ordinal)
            ),
            AddBos = true,
            BosId = Bos,
            EosId = Eos,
            UnknownId = Unknown,
        };
    }

    private static (string Piece, TokenType Type) Piece(int id, string piece) =>
        id switch
        {
            Unknown => (piece, TokenType.Unknown),

            // Written with line ends around them, so that they stand out in llama2.c's output.
            Bos or Eos => (piece.Trim('\n'), TokenType.Control),
            _ when Vocabulary.ByteValue(piece) >= 0 => (piece, TokenType.Byte),
            _ => (piece.Replace(' ', SentencePieceNormalizer.MetaSpace), TokenType.Normal),
        };
}
