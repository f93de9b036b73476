internal import Attention
