using System.Runtime.ExceptionServices;
using Puna.Engine.Text;

namespace Puna.Engine.Model;

/// <summary>Builds a tokenizer on a thread of its own.</summary>
internal sealed class BackgroundTokenizer
{
    private readonly Thread _thread;
    private ITokenizer? _tokenizer;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Begins.</summary>
    public BackgroundTokenizer(TokenizerData data)
    {
        _thread = new Thread(() =>
        {
            try
            {
                _tokenizer = TokenizerFactory.Create(data);
            }
            catch (Exception failure)
            {
                _failure = ExceptionDispatchInfo.Capture(failure);
            }
        })
        {
            IsBackground = true,
            Name = "puna-tokenizer",
        };
        _thread.Start();
    }

    /// <summary>Waits for the tokenizer, or throws what building it threw.</summary>
    public ITokenizer Finish()
    {
        _thread.Join();
        _failure?.Throw();
        return _tokenizer!;
    }
}
