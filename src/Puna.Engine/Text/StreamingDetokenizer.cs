using System.Text;

namespace Puna.Engine.Text;

/// <summary>
/// Turns ids into text as they come. A character is handed out once all its bytes are there; bytes that can no longer
/// become a character are U+FFFD, one for each maximal part of a broken sequence, as <see cref="Encoding.UTF8"/> does it.
/// <para>
/// First blank: a SentencePiece tokenizer with <see cref="TokenizerData.AddSpacePrefix"/> put a blank before the text,
/// which is no part of it. At the start of a text (<c>atTextStart</c>: the ids begin a sequence, after nothing but
/// control tokens) one blank of the first piece is dropped, once; a piece of one raw byte is left as it is. In the
/// middle of a text, as after a prompt, nothing is dropped.
/// </para>
/// <para>Control tokens have no text, and are left out unless <c>showSpecial</c> is set. Not safe to share between threads.</para>
/// </summary>
internal sealed class StreamingDetokenizer
{
    private readonly ITokenizer _tokenizer;
    private readonly bool _showSpecial;
    private byte[] _bytes = new byte[64];
    private int _held;
    private char[] _text = new char[64];
    private bool _dropBlank;

    /// <summary>Begins a text.</summary>
    /// <param name="tokenizer">Whose ids they are.</param>
    /// <param name="atTextStart">True when the ids begin a text, false when they go on with one.</param>
    /// <param name="showSpecial">Show control tokens as they are spelt.</param>
    public StreamingDetokenizer(
        ITokenizer tokenizer,
        bool atTextStart = true,
        bool showSpecial = false
    )
    {
        _tokenizer = tokenizer;
        _showSpecial = showSpecial;
        _dropBlank = atTextStart && tokenizer.Data.AddSpacePrefix;
    }

    /// <summary>Adds an id; returns the text that is complete now, often empty.</summary>
    /// <exception cref="InputException">The id lies outside the vocabulary.</exception>
    public string Append(int id) => new(AppendSpan(id));

    /// <summary>As <see cref="Append"/> without a new string: the span is good until the next call.</summary>
    public ReadOnlySpan<char> AppendSpan(int id)
    {
        var bytes = _tokenizer.Bytes(id);
        var types = _tokenizer.Data.Types;
        var type = types.Count > 0 ? types[id] : TokenType.Normal;
        if (type is TokenType.Control or TokenType.Unknown && _showSpecial)
        {
            bytes = Encoding.UTF8.GetBytes(_tokenizer.Data.Pieces[id]);
        }
        else if (bytes.Length > 0 && _dropBlank)
        {
            _dropBlank = false;
            if (bytes[0] == ' ' && type is not (TokenType.Byte or TokenType.Unknown))
            {
                bytes = bytes[1..];
            }
        }

        if (_held + bytes.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, (_held + bytes.Length) * 2);
        }

        bytes.CopyTo(_bytes.AsSpan(_held));
        return Take(_held + bytes.Length, isLast: false);
    }

    /// <summary>Ends the text: what is still held back comes out as U+FFFD.</summary>
    public string Flush() => new(Take(_held, isLast: true));

    /// <summary>Text of a whole sequence of ids from the start of a text on.</summary>
    internal static string DecodeAll(ITokenizer tokenizer, IReadOnlyList<int> ids, bool showSpecial)
    {
        var stream = new StreamingDetokenizer(tokenizer, atTextStart: true, showSpecial);
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            text.Append(stream.AppendSpan(id));
        }

        return text.Append(stream.Flush()).ToString();
    }

    private ReadOnlySpan<char> Take(int count, bool isLast)
    {
        var complete = isLast ? count : count - IncompleteTail(_bytes.AsSpan(0, count));
        var needed = Encoding.UTF8.GetMaxCharCount(complete);
        if (needed > _text.Length)
        {
            _text = new char[needed * 2];
        }

        var length = Encoding.UTF8.GetChars(_bytes.AsSpan(0, complete), _text);
        _held = count - complete;
        _bytes.AsSpan(complete, _held).CopyTo(_bytes);
        return _text.AsSpan(0, length);
    }

    /// <summary>Bytes at the end that begin a character and could still become one.</summary>
    private static int IncompleteTail(ReadOnlySpan<byte> bytes)
    {
        for (var tail = Math.Min(3, bytes.Length); tail > 0; tail--)
        {
            var part = bytes[^tail..];
            if (
                part[0] >= 0xC0
                && Rune.DecodeFromUtf8(part, out _, out _)
                    == System.Buffers.OperationStatus.NeedMoreData
            )
            {
                return tail;
            }
        }

        return 0;
    }
}
