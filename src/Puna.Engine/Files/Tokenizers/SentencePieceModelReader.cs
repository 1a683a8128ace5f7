using System.Text;
using System.Text.Unicode;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// SentencePiece's .model, a protobuf: field 1, repeated, is a piece (1 spelling, 2 score, 3 type); field 2 the
/// trainer's settings (3 algorithm, 24 blanks as suffix, 40 to 42 ids of unknown, beginning and end); field 3 the
/// normaliser (1 name, 2 compiled character map, 3 blank in front, 4 extra blanks removed, 5 blanks escaped).
/// </summary>
internal static class SentencePieceModelReader
{
    private const int AlgorithmBpe = 2;
    private static readonly string[] Algorithms = ["?", "unigram", "BPE", "word", "char"];

    /// <summary>Reads a model.</summary>
    /// <param name="file">The bytes of the file.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <exception cref="InputException">The file is damaged, or not of the BPE kind.</exception>
    public static TokenizerData Read(ReadOnlySpan<byte> file, string path)
    {
        var pieces = new List<string>();
        var scores = new List<float>();
        var types = new List<TokenType>();
        var trainer = new Trainer();
        var normalizer = new Normalizer();
        var cursor = new ProtobufCursor(file, path);
        while (cursor.Next())
        {
            switch (cursor.Field)
            {
                case 1:
                    ReadPiece(cursor.Bytes, path, pieces, scores, types);
                    break;
                case 2:
                    trainer = ReadTrainer(cursor.Bytes, path);
                    break;
                case 3:
                    normalizer = ReadNormalizer(cursor.Bytes, path);
                    break;
            }
        }

        if (trainer.Algorithm != AlgorithmBpe)
        {
            var name =
                trainer.Algorithm < (ulong)Algorithms.Length
                    ? Algorithms[trainer.Algorithm]
                    : $"{trainer.Algorithm}";
            throw new InputException(
                $"'{path}' is a SentencePiece model of the kind '{name}'; only BPE can be read."
            );
        }

        if (trainer.BlankIsSuffix || !normalizer.EscapeBlanks)
        {
            throw new InputException(
                $"'{path}' writes blanks after words or not at all; only the meta-space before words can be read."
            );
        }

        return new TokenizerData
        {
            Kind = TokenizerKind.SentencePieceBpe,
            Pieces = pieces,
            Scores = scores,
            Types = types,
            AddSpacePrefix = normalizer.AddPrefix,
            RemoveExtraBlanks = normalizer.RemoveExtraBlanks,
            CharacterMap = normalizer.Map,
            UnknownId = trainer.Unknown,
            BosId = trainer.Bos,
            EosId = trainer.Eos,
            AddBos = trainer.Bos is not null,
            EndIds = [.. EndTokens.In(pieces, types)],
        };
    }

    private static void ReadPiece(
        ReadOnlySpan<byte> message,
        string path,
        List<string> pieces,
        List<float> scores,
        List<TokenType> types
    )
    {
        var (spelling, score, type) = (string.Empty, 0f, 1UL);
        var cursor = new ProtobufCursor(message, path);
        while (cursor.Next())
        {
            switch (cursor.Field)
            {
                case 1:
                    spelling = Utf8.IsValid(cursor.Bytes)
                        ? Encoding.UTF8.GetString(cursor.Bytes)
                        : throw new InputException(
                            $"'{path}' is damaged: piece {pieces.Count} is no valid UTF-8."
                        );
                    break;
                case 2:
                    score = cursor.Single;
                    break;
                case 3:
                    type = cursor.Number;
                    break;
            }
        }

        if (spelling.Length == 0 || type is < 1 or > 6)
        {
            throw new InputException(
                $"'{path}' is damaged: piece {pieces.Count} is '{spelling}' of the type {type}; a spelling and a type of 1 to 6 are needed."
            );
        }

        pieces.Add(spelling);
        scores.Add(score);
        types.Add((TokenType)type);
    }

    private static Trainer ReadTrainer(ReadOnlySpan<byte> message, string path)
    {
        var trainer = new Trainer();
        var cursor = new ProtobufCursor(message, path);
        while (cursor.Next())
        {
            trainer = cursor.Field switch
            {
                3 => trainer with { Algorithm = cursor.Number },
                24 => trainer with { BlankIsSuffix = cursor.Number != 0 },
                40 => trainer with { Unknown = Id(cursor.Number) },
                41 => trainer with { Bos = Id(cursor.Number) },
                42 => trainer with { Eos = Id(cursor.Number) },
                _ => trainer,
            };
        }

        return trainer;
    }

    private static Normalizer ReadNormalizer(ReadOnlySpan<byte> message, string path)
    {
        var normalizer = new Normalizer();
        var cursor = new ProtobufCursor(message, path);
        while (cursor.Next())
        {
            normalizer = cursor.Field switch
            {
                2 => normalizer with { Map = cursor.Bytes.ToArray() },
                3 => normalizer with { AddPrefix = cursor.Number != 0 },
                4 => normalizer with { RemoveExtraBlanks = cursor.Number != 0 },
                5 => normalizer with { EscapeBlanks = cursor.Number != 0 },
                _ => normalizer,
            };
        }

        return normalizer;
    }

    /// <summary>An int32 field: negative means that there is no such token.</summary>
    private static int? Id(ulong number) => (int)number >= 0 ? (int)number : null;

    private sealed record Trainer
    {
        public ulong Algorithm { get; init; } = 1;

        public bool BlankIsSuffix { get; init; }

        public int? Unknown { get; init; } = 0;

        public int? Bos { get; init; } = 1;

        public int? Eos { get; init; } = 2;
    }

    private sealed record Normalizer
    {
        public byte[] Map { get; init; } = [];

        public bool AddPrefix { get; init; } = true;

        public bool RemoveExtraBlanks { get; init; } = true;

        public bool EscapeBlanks { get; init; } = true;
    }
}
