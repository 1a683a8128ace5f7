using Puna.Engine.Text;

namespace Puna.Engine.Files;

/// <summary>
/// A tokenizer for a model of random weights: every text can be written in its blank and its 256 byte pieces, and the
/// ids beyond them show as numbered words. It makes such a file complete, so that any program can load and time it.
/// </summary>
internal static class StandInTokenizer
{
    private const int FirstByte = 3;
    private const int Blank = FirstByte + 256;

    public static TokenizerData Create(int vocabulary)
    {
        var pieces = new string[vocabulary];
        var types = new TokenType[vocabulary];
        for (var id = 0; id < vocabulary; id++)
        {
            (pieces[id], types[id]) = id switch
            {
                0 => ("<unk>", TokenType.Unknown),
                1 => ("<s>", TokenType.Control),
                2 => ("</s>", TokenType.Control),
                < Blank => ($"<0x{id - FirstByte:X2}>", TokenType.Byte),
                Blank => ("\u2581", TokenType.Normal),
                _ => ($"\u2581w{id}", TokenType.Normal),
            };
        }

        return new TokenizerData
        {
            Kind = TokenizerKind.SentencePieceBpe,
            Pieces = pieces,
            Types = types,
            Scores = new float[vocabulary],
            AddSpacePrefix = true,
            AddBos = true,
            BosId = 1,
            EosId = 2,
            UnknownId = 0,
        };
    }
}
